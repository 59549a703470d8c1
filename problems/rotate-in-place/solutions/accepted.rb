def rotate(nums, k)
  nums.rotate!(-k)
end
