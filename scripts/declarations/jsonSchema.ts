/** JSON Schema, as far as ours goes. */
export interface JsonSchema {
  type?: string | string[]
  description?: string
  markdownDescription?: string
  properties?: Record<string, JsonSchema>
  required?: string[]
  additionalProperties?: JsonSchema | boolean
  /** A list of schemas: those of a tuple. */
  items?: JsonSchema | JsonSchema[]
  propertyNames?: JsonSchema
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  pattern?: string
  minLength?: number
  maxLength?: number
  maxItems?: number
  minimum?: number
  maximum?: number
  enum?: string[]
  const?: unknown
  format?: string
  examples?: string[]
  default?: unknown
  scope?: string
}
