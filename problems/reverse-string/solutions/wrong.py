# Turns the order of the words around, not that of the characters.
def reverse_string(text):
    return " ".join(reversed(text.split(" ")))
