/**
 * What a page complained about, less what the UI toolkit is known for: each of its components probes once whether an
 * empty style element works, and the policy says no. The hash is that of nothing at all, so that no other style is
 * forgiven.
 */
export function unexpectedComplaints(complaints: readonly string[]): string[] {
  return complaints.filter(
    (complaint) =>
      !(
        complaint.startsWith('Applying inline style violates') &&
        complaint.includes("'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='")
      ),
  )
}
