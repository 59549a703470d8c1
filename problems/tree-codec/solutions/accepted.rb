class Codec
  def serialize(root)
    root.nil? ? "#" : "#{root.val} #{serialize(root.left)} #{serialize(root.right)}"
  end

  def deserialize(data)
    read(data.split)
  end

  private

  def read(parts)
    part = parts.shift
    part == "#" ? nil : TreeNode.new(part.to_i, read(parts), read(parts))
  end
end
