// Calls that cannot change which pages of which file an address stands for: replay passes over them.
// A call that is neither here nor in the call table is counted as not replayed.

const FILES = `
access faccessat faccessat2 chdir fchdir chroot chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat
chown32 fchown32 lchown32 stat fstat lstat newfstatat fstatat64 stat64 fstat64 lstat64 statx statfs fstatfs statfs64
fstatfs64 ustat oldstat oldfstat oldlstat read pread64 readv preadv preadv2 write pwrite64 writev pwritev pwritev2
lseek _llseek sendfile sendfile64 splice tee vmsplice copy_file_range fsync fdatasync sync syncfs sync_file_range
readahead fadvise64 fadvise64_64 flock getdents getdents64 readdir getcwd link linkat symlink symlinkat readlink readlinkat
mkdir mkdirat rmdir mknod mknodat umask utime utimes utimensat utimensat_time64 futimesat mount umount umount2
mount_setattr move_mount open_tree open_tree_attr fsopen fsconfig fsmount fspick pivot_root swapon swapoff quotactl
quotactl_fd setxattr lsetxattr fsetxattr getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr removexattr
lremovexattr fremovexattr setxattrat getxattrat listxattrat removexattrat name_to_handle_at open_by_handle_at
inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_init fanotify_mark lookup_dcookie cachestat
statmount listmount file_getattr file_setattr ioctl ioprio_get ioprio_set nfsservctl acct`;

const DESCRIPTORS = `
pipe pipe2 socket socketpair socketcall bind listen accept accept4 connect getsockname getpeername setsockopt getsockopt
send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64 shutdown poll ppoll ppoll_time64 select _newselect
pselect6 pselect6_time64 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 epoll_ctl_old
epoll_wait_old eventfd eventfd2 signalfd signalfd4 timerfd_create timerfd_settime timerfd_gettime timerfd_settime64
timerfd_gettime64 pidfd_open pidfd_getfd pidfd_send_signal io_uring_setup io_uring_enter io_uring_register io_submit
io_getevents io_pgetevents io_pgetevents_time64 io_cancel userfaultfd perf_event_open bpf memfd_secret
landlock_create_ruleset landlock_add_rule landlock_restrict_self mq_open mq_unlink mq_timedsend mq_timedreceive
mq_timedsend_time64 mq_timedreceive_time64 mq_notify mq_getsetattr`;

const PROCESSES = `
getpid getppid gettid getpgid getpgrp getsid setpgid setsid getuid geteuid getgid getegid setuid setgid setreuid setregid
setresuid setresgid getresuid getresgid setfsuid setfsgid getgroups setgroups getuid32 geteuid32 getgid32 getegid32 setuid32
setgid32 setreuid32 setregid32 setresuid32 setresgid32 getresuid32 getresgid32 setfsuid32 setfsgid32 getgroups32
setgroups32 capget capset wait4 waitpid waitid kill tkill tgkill pause rt_sigaction rt_sigprocmask rt_sigreturn
rt_sigpending rt_sigtimedwait rt_sigtimedwait_time64 rt_sigqueueinfo rt_tgsigqueueinfo rt_sigsuspend sigaction
sigprocmask sigreturn sigpending sigsuspend signal sigaltstack alarm ssetmask sgetmask
nanosleep clock_nanosleep clock_nanosleep_time64 clock_gettime clock_gettime64 clock_settime clock_settime64 clock_getres
clock_getres_time64 clock_adjtime clock_adjtime64 adjtimex gettimeofday settimeofday time stime times getitimer setitimer
timer_create timer_settime timer_gettime timer_getoverrun timer_delete timer_settime64 timer_gettime64 restart_syscall
sched_yield sched_setparam sched_getparam sched_setscheduler sched_getscheduler sched_get_priority_max
sched_get_priority_min sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_getaffinity
sched_setattr sched_getattr getpriority setpriority nice getrlimit setrlimit ugetrlimit prlimit64 getrusage getcpu
futex futex_time64 futex_waitv futex_wake futex_wait futex_requeue set_robust_list get_robust_list rseq membarrier
set_tid_address set_thread_area get_thread_area modify_ldt personality ptrace process_vm_readv process_vm_writev
process_mrelease kcmp setns seccomp iopl ioperm vhangup uname sysinfo syslog sethostname setdomainname reboot
getrandom sysfs _sysctl sysctl init_module finit_module delete_module create_module query_module get_kernel_syms
kexec_load kexec_file_load add_key request_key keyctl semget semop semctl semtimedop semtimedop_time64 msgget msgsnd
msgrcv msgctl lsm_get_self_attr lsm_set_self_attr lsm_list_modules uretprobe uprobe
get_mempolicy set_mempolicy set_mempolicy_home_node mbind migrate_pages move_pages mincore msync mseal
pkey_alloc pkey_free`;

const HARMLESS: ReadonlySet<string> = new Set(
  `${FILES}${DESCRIPTORS}${PROCESSES}`.trim().split(/\s+/),
);

/** Whether a call is known to leave every address space as it is. */
export function isHarmless(name: string): boolean {
  return HARMLESS.has(name);
}
