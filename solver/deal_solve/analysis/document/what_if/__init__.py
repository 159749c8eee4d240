"""Other commitments and seats at the same routing: what a spreadsheet needs to work their cost out again."""
