use std::cell::RefCell;
use std::rc::Rc;

struct Codec {}

impl Codec {
    fn new() -> Self {
        Codec {}
    }

    fn serialize(&self, root: Option<Rc<RefCell<TreeNode>>>) -> String {
        match root {
            None => "#".to_string(),
            Some(node) => {
                let node = node.borrow();
                let (left, right) = (self.serialize(node.left.clone()), self.serialize(node.right.clone()));
                format!("{} {} {}", node.val, left, right)
            }
        }
    }

    fn deserialize(&self, data: String) -> Option<Rc<RefCell<TreeNode>>> {
        Self::read(&mut data.split(' '))
    }

    fn read<'a>(parts: &mut impl Iterator<Item = &'a str>) -> Option<Rc<RefCell<TreeNode>>> {
        let val = parts.next()?.parse().ok()?;
        let left = Self::read(parts);
        let right = Self::read(parts);
        Some(Rc::new(RefCell::new(TreeNode { val, left, right })))
    }
}
