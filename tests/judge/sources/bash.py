"""Bash answers, one a verdict."""

PROGRAMS = {
    "AC": """
        read -r n
        sum=0
        read -r -a numbers || true
        for x in "${numbers[@]}"; do (( sum += x )) || true; done
        echo "$sum"
    """,
    "WA": "echo -1",
    "TLE": "while :; do :; done",
    "MLE": "x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done",
    "OLE": "yes",
    "RE": "exit 3",
    "CE": """
        if true
        then
        fi
    """,
}
CE_PLACE = "line 4"
