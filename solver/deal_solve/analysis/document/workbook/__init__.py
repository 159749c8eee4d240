"""The workbook: what a document shows, in tables whose totals a spreadsheet works out again."""
