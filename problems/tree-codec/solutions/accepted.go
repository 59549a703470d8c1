import (
	"strconv"
	"strings"
)

type Codec struct{}

func Constructor() Codec {
	return Codec{}
}

func (this *Codec) serialize(root *TreeNode) string {
	if root == nil {
		return "#"
	}
	return strconv.Itoa(root.Val) + " " + this.serialize(root.Left) + " " + this.serialize(root.Right)
}

func (this *Codec) deserialize(data string) *TreeNode {
	parts := strings.Fields(data)
	var read func() *TreeNode
	read = func() *TreeNode {
		part := parts[0]
		parts = parts[1:]
		if part == "#" {
			return nil
		}
		value, _ := strconv.Atoi(part)
		node := &TreeNode{Val: value}
		node.Left = read()
		node.Right = read()
		return node
	}
	return read()
}
