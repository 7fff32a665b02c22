"""What the web server's processes run: the application, and word of each process that it lives."""

from tashika.core import logs
from tashika.web.asgi import application as application

logs.begin("web")

from tashika.core import processes  # noqa: E402  once Django is set up

processes.begin("web")
