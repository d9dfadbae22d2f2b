#!/bin/sh
# Installs redis-server with apt-get, as root, without letting the package start it as a service on port 6379: the
# program runs one of its own. Debian asks /usr/sbin/policy-rc.d before it starts a service. Ours says no only as long
# as this very process lives, and removes itself when asked later, so that a kill in the middle leaves nothing behind
# that matters. One that is there already is left alone.
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ] && [ ! -L $policy ]; then
  trap 'rm -f $policy' EXIT
  trap 'exit 1' INT TERM HUP
  cat > $policy <<POLICY
#!/bin/sh
# No service is started while process $$ installs redis-server for flowly-credits.
kill -0 $$ 2>/dev/null && exit 101
rm -f $policy
exit 0
POLICY
  chmod 755 $policy
  is_ours=yes
fi
# A machine may have lists of packages that cannot be fetched; the one that matters may still be there.
apt-get update -q
apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 redis-server || exit
# Nor at the next start of the machine.
if [ -n "$is_ours" ] && [ -d /run/systemd/system ]; then systemctl disable redis-server; fi
exit 0
