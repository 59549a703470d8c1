# Loaded before every Perl program: at an interrupt, which the runner sends when the time
# is used up, what the program has buffered is written before the signal ends it. The
# program's own handler takes the place of this one.
$SIG{INT} = sub {
    for my $stream (*STDOUT, *STDERR) {
        my $selected = select $stream;
        $| = 1;
        select $selected;
    }
    $SIG{INT} = 'DEFAULT';
    kill INT => $$;
};
1;
