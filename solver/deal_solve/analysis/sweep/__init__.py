"""How do the decisions change over many values of several fields?"""
