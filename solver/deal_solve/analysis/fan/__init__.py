"""How far do the scenarios spread, month by month?"""
