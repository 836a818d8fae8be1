/* A stand-in for the agent's programs on Windows: a service, when it is started as one; else it prints the file beside
 * it that has its arguments for a name ("show -j.txt"), and ends with 64 when there is none. */
#include <windows.h>
#include <stdio.h>
#include <string.h>

static SERVICE_STATUS_HANDLE service;

static void say(DWORD state) {
    SERVICE_STATUS now = {SERVICE_WIN32_OWN_PROCESS, state, SERVICE_ACCEPT_STOP};
    SetServiceStatus(service, &now);
}

static void WINAPI control(DWORD code) {
    if (code == SERVICE_CONTROL_STOP) say(SERVICE_STOPPED);
}

static void WINAPI run(DWORD count, char **names) {
    service = RegisterServiceCtrlHandlerA(names[0], control);
    say(SERVICE_RUNNING);
}

int main(int count, char **words) {
    SERVICE_TABLE_ENTRYA services[] = {{"", run}, {0, 0}};
    char path[2048], bytes[4096];
    size_t size;
    FILE *file;
    if (count == 1 && StartServiceCtrlDispatcherA(services)) return 0;
    GetModuleFileNameA(0, path, sizeof path / 2);
    strcpy(strrchr(path, '\\') + 1, count > 1 ? words[1] : "");
    for (int word = 2; word < count && strlen(path) < sizeof path / 2; word++) {
        strcat(path, " ");
        strncat(path, words[word], 256);
    }
    strcat(path, ".txt");
    if (!(file = fopen(path, "rb"))) return 64;
    while ((size = fread(bytes, 1, sizeof bytes, file))) fwrite(bytes, 1, size, stdout);
    return 0;
}
