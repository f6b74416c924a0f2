"""What a session tells: formulas, their least numbers, and names for what cannot be told.

>>> from risk.classroom.measures import detection
>>> detection.sensitivity(18, 20, false_alarms=5, noises=20).value.__round__(3)
1.817
"""
