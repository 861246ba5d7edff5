#!/bin/sh
# Says how full the root file system is, and fails beyond a limit in percent: LIMIT=90 disk.sh
limit=${LIMIT:-90}
used=$(df -P / | awk 'NR == 2 { sub("%", "", $5); print $5 }')
echo "$used % used (limit $limit %)"
[ "$used" -le "$limit" ]
