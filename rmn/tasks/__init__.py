"""Machinery of any method that computes another function for each task, whatever makes it differ.

Layers and a network with one function per learned task, inference of the task of an input, and
task routers. RMN, HAT and one network per task are built on it; it imports nothing else of `rmn`.
"""
