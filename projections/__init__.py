"""What can be asked: read models written together with their checkpoint. Never decides a score."""
