/** What `--help` prints. */
export const usage = `Usage: ec2-cmaster [options] [--] [COMMAND...]
       ec2-cmaster audit compare [FILE...]   compare agents' audit logs with the history (audit --help)
       ec2-cmaster queues check|clean        list or delete reply queues that masters left behind (queues --help)

Sends a command to the agents of an environment and prints their replies, grouped.

What to send
  -c, --command CMD      shell command, or file://PATH for a script on this machine
  -p, --parameter ARG    argument of the script (repeatable)
  -m, --mode MODE        cli (default), script, ping, count, facts
      --user NAME        run as this user           --directory DIR  run in DIR

Target
      --filter EXPR      filter over facts, as in: role=web and os.release.major >= 9; @NAME is a set
                         of the workspace file of this directory
  -w, --with FACT=VALUE  agents that have this fact or class (repeatable, all must match)
  -n, --without FACT     agents that do not have it (repeatable)
      --everyone         every agent; never the default
      --expect N         send only if exactly N agents match
      --include-unseen   also agents that match and were not seen yet; not where protected, nor with a rollout

Where
  -e, --env NAME         environment (queues NAME_master, NAME_agent, NAME_facts)
      --region R --profile P --endpoint URL
      --config FILE      default /etc/ec2_collective/ec2-cmaster.json
      --shared-replies   use the environment's reply queue instead of a private one. Where CI is set, or this is the
                         first run on this machine, the private one is deleted when every agent has its verdict
      --confirm NAME     required for a protected environment: repeat its name. Without it you type it at the
                         terminal. Protected: by the configuration file, by EC2_COLLECTIVE_PROTECTED=NAME,NAME,
                         or by a workspace file (.vscode/ec2-collective.yaml, *.fleet.yaml) from this directory up
  -y, --yes              ask nothing in an environment that is not protected
      --signing-key K    sign commands for agents whose policy requires it (ed25519): NAME=FILE (PEM or OpenSSH,
                         its passphrase in EC2_COLLECTIVE_SIGNING_PASSPHRASE), or NAME=ssh-agent:KEY
                         (fingerprint, public key or comment). Also EC2_COLLECTIVE_SIGNING_KEY

How
  -t, --timeout TIME     agents stop the command after this: 60 (seconds, the default), 90s, 10m
      --canary N         N agents first             --batch N|N%     size of the following steps
      --window N|N%      instead: at most N at once, the next one starts when one ends
      --pause DURATION   between steps              --max-failures N|N%  stop above this number
      --resume RUN|last  receive the replies of an unfinished run; continue its rollout, once you confirm
      --strict           exit code 1 unless every agent succeeded
      --json             one JSON document          -q, --quiet      outputs only
  -l, --logfile FILE     also append the output to FILE
  -h, --help             this text                  -V, --version

Exit code: 0 if every agent succeeded, else the last non-zero exit code of an agent (124 timed out,
126 refused, 130 cancelled, 1 no reply or lost); 2 if nothing was sent because the request is not valid;
3 if no agent matches the filter; 4 if SQS could not be used; 5 if an agent executed the command although it
was not among the agents that the command names; 6 if the number of agents is not that of --expect.

Before a command is sent, its agents are shown, with those that are missing. At a terminal you are then asked;
Enter means yes for up to 10 agents of which none is missing, no otherwise. After your answer the fleet is looked
at again; if the agents have changed, you see how, and are asked again. Without a terminal, nothing is asked.

Ctrl-C, SIGTERM or SIGHUP: before the command is sent, nothing is sent. After that, the agents are asked to
stop, and their replies are printed. A second signal ends ec2-cmaster at once; the command may still be
running on the servers. If nothing was sent, and after a second signal, the exit code is 128 plus the
number of the signal: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP. Under nohup, SIGHUP is ignored.`
