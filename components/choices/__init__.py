"""What a stack chooses, a module for each group of its settings.

A group is read by one function that is given the Reader; settings.py puts the groups together.
"""
