import type { IconName } from './ui/icons.ts'
import { button, press } from './ui/toolkit.ts'

export interface ToggleOptions {
  readonly label: string
  readonly icon: IconName
  /** Does what the button says, also when it is set by the kept state. */
  apply(isOn: boolean): void
  /** A person has pressed it. */
  onPress(): void
}

/** An icon button that stays pressed. */
export class Toggle {
  readonly element: HTMLElement
  readonly #apply: (isOn: boolean) => void
  #isOn = false

  constructor({ label, icon, apply, onPress }: ToggleOptions) {
    this.#apply = apply
    this.element = button({
      label,
      icon,
      kind: 'icon',
      onPress: () => {
        this.set(!this.#isOn)
        onPress()
      },
    })
    press(this.element, false)
  }

  get isOn(): boolean {
    return this.#isOn
  }

  set(isOn: boolean): void {
    this.#isOn = isOn
    press(this.element, isOn)
    this.#apply(isOn)
  }
}
