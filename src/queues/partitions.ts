import { partition } from '@aws-sdk/core/client'

/** What names a part of AWS that has its own accounts and host names, by the SDK's own tables. */
export interface Partition {
  /** As in ARNs: `aws`, `aws-cn`, `aws-us-gov`, `aws-eusc`, `aws-iso` … */
  readonly name: string
  /** As in `sqs.eu-west-1.amazonaws.com`. */
  readonly dnsSuffix: string
  /** As in `sqs.eu-west-1.api.aws`. */
  readonly dualStackDnsSuffix: string
}

/** Regions that the SDK does not know count to the partition that they are named for, and otherwise to `aws`. */
export function partitionOf(region: string): Partition {
  const { name, dnsSuffix, dualStackDnsSuffix } = partition(region)
  return { name, dnsSuffix, dualStackDnsSuffix }
}

/** Whether it is a host of AWS in the partition of the region: any service, also in somebody's VPC. */
export function isHostOfAws(hostname: string, region: string): boolean {
  const { dnsSuffix, dualStackDnsSuffix } = partitionOf(region)
  return [dnsSuffix, dualStackDnsSuffix].some((suffix) => hostname.endsWith(`.${suffix}`))
}
