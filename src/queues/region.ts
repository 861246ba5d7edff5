/**
 * The form of the names of AWS's regions in every partition, as in `eu-west-1`, `us-gov-east-1`, `eusc-de-east-1` and
 * `us-isob-east-1`: it finds mistakes in regions that the SDK does not know yet, too. Other SQS servers may use any name.
 */
export const regionPattern = /^[a-z]{2,5}(-[a-z]+)+-\d{1,2}$/
