import multiprocessing

bind = "0.0.0.0:8000"
workers = multiprocessing.cpu_count() * 2 + 1
threads = 16
timeout = 60
max_requests = 2000
max_requests_jitter = 200
