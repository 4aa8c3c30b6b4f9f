/* The C client of NATS reading a stream without looking at it: what the network and the broker allow at best.
   Arguments: url user password stream messages. Prints the seconds from the subscription to the last message. */
#include <nats/nats.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static volatile long long seen = 0;

static void count(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure)
{
    (void)nc; (void)sub; (void)closure;
    seen++;
    natsMsg_Destroy(msg);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    natsOptions *options = NULL;
    natsConnection *nc = NULL;
    natsSubscription *sub = NULL;
    jsCtx *js = NULL;
    jsErrCode code = 0;
    jsSubOptions how;
    char inbox[128];

    if (argc != 6)
        return 2;
    long long wanted = atoll(argv[5]);
    snprintf(inbox, sizeof inbox, "_INBOX.%s", argv[2]);
    natsStatus s = natsOptions_Create(&options);
    if (s == NATS_OK) s = natsOptions_SetURL(options, argv[1]);
    if (s == NATS_OK) s = natsOptions_SetUserInfo(options, argv[2], argv[3]);
    if (s == NATS_OK) s = natsOptions_SetCustomInboxPrefix(options, inbox);
    if (s == NATS_OK) s = natsOptions_SetMaxPendingMsgs(options, 10000000);
    if (s == NATS_OK) s = natsConnection_Connect(&nc, options);
    if (s == NATS_OK) s = natsConnection_JetStream(&js, nc, NULL);
    if (s == NATS_OK) s = jsSubOptions_Init(&how);
    how.Stream = argv[4];
    how.Ordered = true;
    double begun = now();
    if (s == NATS_OK) s = js_Subscribe(&sub, js, "ev.>", count, NULL, NULL, &how, &code);
    while (s == NATS_OK && seen < wanted && now() - begun < 600)
        nats_Sleep(1);
    if (s != NATS_OK || seen < wanted)
    {
        fprintf(stderr, "%s (%d), %lld of %lld\n", natsStatus_GetText(s), code, seen, wanted);
        return 1;
    }
    printf("%.6f\n", now() - begun);
    return 0;
}
