# Takes the same place twice when it holds half of the target.
def two_sum(nums, target):
    places = {number: place for place, number in enumerate(nums)}
    for place, number in enumerate(nums):
        if target - number in places:
            return [place, places[target - number]]
