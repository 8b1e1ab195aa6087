"""Between the web server and Django: no thread waits for a client.

granian reads the headers, within its time limit. A body is read here, in the event loop, within limits of size and
time; only a whole request is given to a thread. What Django answers is written down as fast as Django makes it, and
sent from the event loop as fast as the client reads.
"""
