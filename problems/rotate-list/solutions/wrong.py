# Stops after one round: more steps than nodes count as no step.
def rotate_list(head, steps):
    nodes = []
    while head:
        nodes.append(head)
        head = head.next
    cut = max(len(nodes) - steps, 0)
    nodes = nodes[cut:] + nodes[:cut]
    for node, following in zip(nodes, nodes[1:] + [None]):
        node.next = following
    return nodes[0] if nodes else None
