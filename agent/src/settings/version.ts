import { version as ofProject } from '../../../package.json'

/** Extension, `ec2-cmaster` and agent are released together, and have the version that the project's manifest names. */
export const version: string = ofProject
