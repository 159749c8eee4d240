"""What is each lever worth: seats, commitment, routing, projects?"""
