/**
 * A parsed filter: plain data. `everyone` occurs only at the top, so no part of a larger filter can mean every agent.
 *
 * The parser and the functions below create one canonical form: no `and` directly inside an `and`, and likewise for `or`
 * and `not`; `a != b` is `not (a = b)`, `a !~ b` is `not (a =~ b)`, and a list after `in` is the same as alternatives
 * after `=`.
 */
export type Filter = Everyone | Condition
export type Everyone = { readonly kind: 'everyone' }
export type Condition = And | Or | Not | Term
export type And = { readonly kind: 'and'; readonly all: readonly [Condition, Condition, ...Condition[]] }
export type Or = { readonly kind: 'or'; readonly any: readonly [Condition, Condition, ...Condition[]] }
export type Not = { readonly kind: 'not'; readonly condition: And | Or | Term }

/** A condition on one fact. */
export type Term = Present | Equals | Matches | Compare

/** The fact exists and is neither null nor false, or there is a class of that name. */
export type Present = { readonly kind: 'present'; readonly path: FactPath }

/** The fact is one of the values. */
export type Equals = { readonly kind: 'equals'; readonly path: FactPath; readonly values: OneOrMore<Value> }

/** The regular expression matches somewhere in the fact. */
export type Matches = { readonly kind: 'matches'; readonly path: FactPath; readonly pattern: Pattern }

/** The fact compares this way with a number or a version. */
export type Compare = {
  readonly kind: 'compare'
  readonly path: FactPath
  readonly operator: OrderOperator
  readonly bound: string
}

export type OrderOperator = '<' | '<=' | '>' | '>='

/** A path into nested facts; its first segment is a name. */
export type FactPath = readonly [Name, ...Segment[]]
export type Name = { readonly kind: 'name'; readonly name: string }

/** `each` is any element of an array or any value of a map: the `*` of `networking.interfaces.*.ip`. */
export type Segment = Name | { readonly kind: 'each' }

/** `exact` is the text as typed (`4` equals the number 4); `network` is an address range, `10.0.0.0/8`. */
export type Value =
  | { readonly kind: 'exact'; readonly text: string }
  | { readonly kind: 'glob'; readonly pattern: string }
  | { readonly kind: 'network'; readonly network: string }

/** RE2 syntax. `flags` are any of `i`, `m`, `s`, in this order. A slash in `source` has no backslash. */
export type Pattern = { readonly source: string; readonly flags: string }

export type OneOrMore<T> = readonly [T, ...T[]]

export const EVERYONE: Everyone = { kind: 'everyone' }

/** All of them hold. */
export function allOf(conditions: OneOrMore<Condition>): Condition {
  const [first, second, ...rest] = conditions.flatMap((c) => (c.kind === 'and' ? c.all : [c]))
  return first && second ? { kind: 'and', all: [first, second, ...rest] } : conditions[0]
}

/** At least one of them holds. */
export function anyOf(conditions: OneOrMore<Condition>): Condition {
  const [first, second, ...rest] = conditions.flatMap((c) => (c.kind === 'or' ? c.any : [c]))
  return first && second ? { kind: 'or', any: [first, second, ...rest] } : conditions[0]
}

/** It does not hold. */
export function negate(condition: Condition): Condition {
  return condition.kind === 'not' ? condition.condition : { kind: 'not', condition }
}
