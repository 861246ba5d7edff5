/** Unique ids of IAM roles (`AROA…`) and users (`AIDA…`) by what they may do. */
export interface PolicyRoles {
  /** Everything. */
  readonly operators: readonly string[]
  /** Certain commands. */
  readonly pipelines: readonly string[]
  /** Looking. */
  readonly viewers: readonly string[]
}

/** The text of a policy for these roles: a beginning that is safe as it is, to be edited. */
export function policyTemplate({ operators, pipelines, viewers }: PolicyRoles): string {
  return [
    head,
    rulesFor(operators, operatorsRule),
    rulesFor(pipelines, pipelineRule),
    rulesFor(viewers, viewersRule),
  ]
    .filter((part) => part !== undefined)
    .join('\n')
}

/** What SQS says of a sender: an id; for a role, followed by the name of the session, which the role's user chooses. */
export function senderPattern(id: string): string {
  return id.startsWith('AROA') ? `${id}:*` : id
}

function rulesFor(ids: readonly string[], rule: (senders: string) => string): string | undefined {
  return ids.length === 0 ? undefined : rule(JSON.stringify(ids.map(senderPattern)))
}

const head = `# Who may have what executed on this server. A command is executed only if a rule allows it. This file counts from the
# moment when it is saved: replace it in one step (mv), so that nobody meets half of it. If it is removed, nothing is allowed.
#
# Which rule decides, and why:   ec2-cagent policy test --sender AROA…:alice -- systemctl status nginx
# Every key is explained in /usr/share/doc/ec2-cagent/README.md.

# Public halves of ed25519 keys that masters sign with: PEM, ssh-ed25519 …, or 32 bytes in base64. A rule with
# "keys: [alice]" asks for her signature.
keys: {}
  #alice: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI… alice@example

rules:
`

const operatorsRule = (
  senders: string,
) => `  # Any command and script, as any user. "users: [deploy]" limits that. Variables such as PATH or LD_PRELOAD need their names:
  # environment: ["*", PATH]
  - name: operators
    senders: ${senders}
`

const pipelineRule = (
  senders: string,
) => `  # Exactly these commands, as the agent's own user and in its default directory: "users: [deploy]" and
  # "directories: [/srv/app]" allow others. A regular expression says which words may follow; "*" would let options through, such as
  # systemctl's --host. Arguments that a program takes for more than you mean are yours to think of.
  - name: pipeline
    senders: ${senders}
    actions: [ping, facts, shell, cancel, resend]
    commands:
      allow:
        - /systemctl (status|restart) (web|worker)@[0-9]+/
`

const viewersRule = (senders: string) => `  # Looks at servers, changes nothing.
  - name: viewers
    senders: ${senders}
    actions: [ping, facts, shell, cancel, resend]
    commands:
      allow:
        - uptime
        - uname -a
        - df -h
        - free -m
        - /systemctl status [a-z0-9][a-z0-9@._-]*/
`
