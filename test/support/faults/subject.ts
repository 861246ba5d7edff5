/** Who asks for what of which queue; the queue's name is empty where there is none. */
export interface Subject {
  readonly action: string
  readonly queue: string
  readonly principal: string
}
