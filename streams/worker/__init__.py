"""The scorer hosted by Faust: assignment, recovery, atomic units and fencing."""
