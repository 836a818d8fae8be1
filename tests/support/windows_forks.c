/* forks.exe MARK: keeps starting children, each of which has one of its own; all have MARK among their arguments.
 * The shell of busybox cannot stand in for it: a child that it is starting when it is killed goes on, and ends by itself. */
#include <windows.h>
#include <stdio.h>

static void start(char *program, char *mark, char *more) {
    STARTUPINFOA how = {sizeof how};
    PROCESS_INFORMATION child;
    char line[2048];
    snprintf(line, sizeof line, "\"%s\" %s%s", program, mark, more);
    CreateProcessA(program, line, 0, 0, FALSE, 0, 0, 0, &how, &child);
}

int main(int count, char **words) {
    char program[1024];
    GetModuleFileNameA(0, program, sizeof program);
    for (; count == 2; Sleep(100)) start(program, words[1], " child");
    if (count == 3) start(program, words[1], " of child");
    Sleep(300000);
    return 0;
}
