"""How are the costs of a plan distributed over very many scenarios?"""
