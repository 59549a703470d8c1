# Divides at spaces only: "cat." is another word than "cat".
def word_tally(text):
    counts = {}
    for word in text.lower().split():
        counts[word] = counts.get(word, 0) + 1
    return counts
