# Writes a C file that holds files as arrays: no xxd, no assembler, any compiler.
#
#     cmake -DFOLDER=bench/report/page -DFILES="page.html page.css" -DNAME=page -DOUTPUT=page.c -P embed.cmake
#
# The C file defines NAME_files[], as bench/report/NAME.h declares it: each file's name, its bytes with a NUL
# behind them, and their number without it. Arrays of numbers, because a C compiler need not take
# strings of more than 4095 characters.

separate_arguments(FILES)
set(arrays "")
set(entries "")
foreach(file IN LISTS FILES)
    string(MAKE_C_IDENTIFIER ${file} array)
    file(READ ${FOLDER}/${file} bytes HEX)
    string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    string(APPEND arrays "static const unsigned char ${array}[] = {\n${bytes}0};\n\n")
    string(APPEND entries "    {\"${file}\", ${array}, sizeof ${array} - 1},\n")
endforeach()
file(WRITE ${OUTPUT}
     "/* Made by cmake/embed.cmake of the files in bench/report/page. */\n"
     "#include \"bench/report/${NAME}.h\"\n\n"
     "${arrays}"
     "const struct ${NAME}_file ${NAME}_files[] = {\n${entries}    {0, 0, 0},\n};\n")
