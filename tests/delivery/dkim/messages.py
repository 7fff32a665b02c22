"""Messages to sign."""

HEAD = (
    b"Date: Wed, 25 Nov 2026 09:00:00 +0900\r\n"
    b"From: =?UTF-8?B?44Of44Op44Kk6KiI5ris?=\r\n <news@example.jp>\r\n"
    b"To: <hanako@example.com>\r\n"
    b"Subject: =?UTF-8?B?56eL44Gu44GU5qGI5YaF?=\r\n"
    b"Message-ID: <1@example.jp>\r\n"
    b"List-Unsubscribe: <https://mail.example.jp/u/x>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: 8bit\r\n"
)
MESSAGE = HEAD + b"\r\n" + "本文です。\r\n".encode()
