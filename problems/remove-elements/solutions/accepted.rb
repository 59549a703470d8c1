def remove_element(nums, val)
  nums.delete(val)
  nums.length
end
