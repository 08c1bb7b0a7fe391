/* Remembers what a power failure would leave of one directory.
 *
 * Preloaded into a process. A sync of a file in the directory POWER_DIR is noted in the file POWER_LOG with the length at
 * that moment; a sync of the directory itself notes its names. A name that goes away keeps its file in POWER_GRAVES, under
 * its inode number, so that an unlink or rename that was never synced can be undone. The notes survive the process, because
 * the page cache does; nothing is really synced, which makes rounds quick. With POWER_LIE set, syncs are not noted: a disk
 * that keeps nothing, to prove that its loss is noticed.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *dir, *graves;
static int notes = -1, lie;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("POWER_LOG");
    dir = getenv("POWER_DIR");
    graves = getenv("POWER_GRAVES");
    lie = getenv("POWER_LIE") != NULL;
    if (path && dir && graves) notes = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

static void note(const char *text, size_t length) {
    if (write(notes, text, length) != (ssize_t)length) abort();
}

/* Is the path the directory (1), in it (2), or elsewhere (0)? */
static int place(const char *path) {
    size_t length = strlen(dir);
    if (strncmp(path, dir, length) != 0) return 0;
    return path[length] == 0 ? 1 : path[length] == '/' ? 2 : 0;
}

static int sync_of(int fd) {
    char link[64], path[PATH_MAX + 1], line[NAME_MAX + 64];
    struct stat info;
    if (fstat(fd, &info) != 0) return -1;
    if (notes < 0) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX);
    if (length < 0) return -1;
    path[length] = 0;
    int where = place(path);
    if (where == 0) return 0;
    /* As slow as a disk, or no kill would ever meet bytes that are written and not yet synced. What comes in meanwhile is
     * not covered: the length is that of before. */
    usleep(2000);
    if (lie) return 0;
    if (where == 2) {
        note(line, snprintf(line, sizeof line, "file %lu %ld\n", (unsigned long)info.st_ino, (long)info.st_size));
        return 0;
    }
    /* One write, so that a kill leaves a whole listing or none. */
    size_t used = 0, room = 1 << 16;
    char *all = malloc(room);
    DIR *open_dir = opendir(path);
    if (!open_dir || !all) abort();
    used += snprintf(all, room, "dir");
    for (struct dirent *entry; (entry = readdir(open_dir));) {
        if (entry->d_name[0] == '.') continue;
        if (room - used < NAME_MAX + 64 && !(all = realloc(all, room *= 2))) abort();
        used += snprintf(all + used, room - used, " %lu/%s", (unsigned long)entry->d_ino, entry->d_name);
    }
    closedir(open_dir);
    all[used++] = '\n';
    note(all, used);
    free(all);
    return 0;
}

int fsync(int fd) { return sync_of(fd); }
int fdatasync(int fd) { return sync_of(fd); }

static void bury(const char *path) {
    struct stat info;
    char grave[PATH_MAX + 1];
    if (notes < 0 || place(path) != 2 || lstat(path, &info) != 0) return;
    snprintf(grave, sizeof grave, "%s/%lu", graves, (unsigned long)info.st_ino);
    if (link(path, grave) != 0 && errno != EEXIST) abort();
}

int unlink(const char *path) {
    int (*real)(const char *) = dlsym(RTLD_NEXT, "unlink");
    bury(path);
    return real(path);
}

int rename(const char *from, const char *to) {
    int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
    bury(to);
    return real(from, to);
}
