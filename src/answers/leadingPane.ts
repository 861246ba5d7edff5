/** The most groups that say something at a glance: five, or a tenth of the answers. */
export function fewGroups(answers: number): number {
  return Math.max(5, Math.floor(answers / 10))
}

/**
 * Which part of the page answers the question: the groups where they are few, else the table of the values. While fewer
 * than six have answered it is too early to say.
 * @param answers replies that have ended
 * @param groups that they make at the level that says most
 * @param hasTable whether most of them are tables, JSON or keys with values
 */
export function leadingPane({
  answers,
  groups,
  hasTable,
}: {
  answers: number
  groups: number
  hasTable: boolean
}): 'groups' | 'table' {
  return hasTable && answers > 5 && groups > fewGroups(answers) ? 'table' : 'groups'
}
