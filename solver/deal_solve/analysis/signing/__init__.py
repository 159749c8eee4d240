"""Sign now or later?"""
