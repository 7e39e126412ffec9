"""A language model as a second judge of open answers: optional, over any OpenAI-compatible endpoint.

It is asked point by point and never for a total; what it says counts only with words of the answer to show.
"""
