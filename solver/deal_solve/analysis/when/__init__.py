"""In which month should the next agreement be signed?"""
