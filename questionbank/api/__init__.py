"""The REST API of this room, under /api/v1/."""
