"""Why not another choice?"""
