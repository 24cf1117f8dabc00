# Prints the names of package managers at work, one a line. Daemons that only wait
# (unattended-upgrade-shutdown, packagekitd) are told from work by the lock that work holds.
package_managers() {
  {
    for holder_file in "$proc"/[0-9]*/comm; do
      holder_name=
      read -r holder_name 2>/dev/null <"$holder_file" || continue
      case $holder_name in
        apt | apt-get | aptitude | dpkg | dnf | dnf5 | microdnf | yum | rpm | zypper | apk)
          printf '%s\n' "$holder_name" ;;
      esac
    done
    for holder_file in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock \
      /var/lib/rpm/.rpm.lock /usr/lib/sysimage/rpm/.rpm.lock; do
      holder_inode=$(ls -i "$root$holder_file" 2>/dev/null) || continue
      holder_inode=${holder_inode#"${holder_inode%%[! ]*}"}
      if grep -q ":${holder_inode%% *} " "$proc/locks" 2>/dev/null; then
        case $holder_file in *rpm*) echo rpm ;; *) echo dpkg ;; esac
      fi
    done
  } | sort -u
}
