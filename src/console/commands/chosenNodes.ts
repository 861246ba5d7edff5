import type { TreeNode } from '../environments/treeNode.ts'

/**
 * The rows that a command is meant for. VS Code passes the row whose menu was used, then all selected ones; the
 * selection counts only if the row is part of it, as elsewhere in VS Code.
 * @returns undefined when the command was not started from the tree
 */
export function chosenNodes(clicked: unknown, selected: unknown): readonly TreeNode[] | undefined {
  if (!isNode(clicked)) return undefined
  const all = Array.isArray(selected) ? selected.filter(isNode) : []
  return all.some(({ id }) => id === clicked.id) ? all : [clicked]
}

function isNode(value: unknown): value is TreeNode {
  return (
    typeof value === 'object' && value !== null && 'kind' in value && 'declared' in value && 'id' in value
  )
}
