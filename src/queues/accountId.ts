import * as v from 'valibot'
import { say } from '../text/localizable.ts'

const meaning = say('the 12 digits of an AWS account, in quotes').text

/** The number of an AWS account. As text, since it may begin with a zero. */
export const AccountId = v.pipe(v.string(meaning), v.regex(/^\d{12}$/, meaning))

export function isAccountId(text: string): boolean {
  return v.is(AccountId, text)
}
