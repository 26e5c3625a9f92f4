"""Rules on customers: do their boundary customers notice a changed rule?"""
